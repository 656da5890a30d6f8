"The apps as Voilà serves them, folders as a web server does, and a browser to open them with"
import functools, http.server, os, shutil, socket, subprocess, sys, threading, time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

from fer_course.core.errors import InputError

APPS = ['expression_lab', 'predict'] # In `nbs/apps/`
FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync']
WAIT = 300_000 # Milliseconds, for machines that do much else

def free_port()->int:
    "A port that nobody listens at"
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]

def wait_for(
    url:str, # Address of the server, with a slash at its end
    seconds:int=60, # Seconds to try
):
    "Wait until a server answers"
    for _ in range(seconds*4):
        try: return urlopen(f'{url}favicon.ico')
        except URLError as e:
            if hasattr(e, 'code'): return # it answers, if only to say that there is no icon
        time.sleep(.25)
    raise TimeoutError(url)

class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): pass

class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *args): pass # a page that was left before all had come

@contextmanager
def serve_folder(
    folder:Path, # Folder of a built site
): # Its address, with a slash at its end
    "A web server for a folder"
    with _Server(('127.0.0.1', 0), functools.partial(_Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/'
        server.shutdown()

def find_chromium(
)->str: # Its path; None if Playwright's own is to be taken
    "The system's Chromium"
    return next((o for o in map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome')) if o), None)

@contextmanager
def served(
    app:str, # One of `APPS`
    root:Path, # A clone, whose `voila.json` counts
    **env, # Added to the environment
): # The server's process, with its address as `url`
    "Voilà with an app, started as its page says"
    url = f'http://127.0.0.1:{(port := free_port())}/'
    command = [sys.executable, '-m', 'voila', f'nbs/apps/{app}.ipynb', '--no-browser', f'--port={port}']
    env = dict(os.environ, PYTHONPATH=str(root), **env)
    p = subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    p.url = url
    try:
        wait_for(url)
        yield p
    finally:
        p.terminate()
        p.wait()

@contextmanager
def browser(): # A `Browser` of Playwright
    "Chromium without a window: the system's, else the one that `playwright install chromium` fetched"
    found = find_chromium()
    with sync_playwright() as p:
        if not found and not Path(p.chromium.executable_path).exists():
            raise InputError('There is no Chromium here: run `python -m playwright install chromium`')
        b = p.chromium.launch(executable_path=found, args=FLAGS)
        yield b
        b.close()

def tab(
    b, # A browser, from `browser`
    url:str, # Address of an app
    **kwargs, # Arguments of Playwright's `new_page`
): # A `Page` of Playwright, whose app answers
    "Open an app in a tab, with nothing from outside"
    page = b.new_page(**kwargs)
    page.set_default_timeout(WAIT)
    page.route(lambda o: not o.startswith((url, 'data:', 'blob:', 'ws:')), lambda r: r.fulfill(body=''))
    page.goto(url)
    page.get_by_role('img').first.wait_for()
    return page
