"What the site builder leaves to do: links, pictures, words for screen readers, signatures"
import posixpath, re, shutil
from html import escape
from pathlib import Path

# Notebooks, before pages are made of them

def _outputs(nb): return [o['data'] for c in nb['cells'] for o in c.get('outputs', []) if 'data' in o]

def _tag(data):
    "The picture in `data` as HTML, where its plain text describes it"
    png, text = data.get('image/png'), ''.join(data.get('text/plain', '')).strip()
    if not png or not text or text.startswith('<'): return None
    src = f'data:image/png;base64,{"".join(png).strip()}'
    return {'text/html': f'<img class="img-fluid" alt="{escape(text)}" src="{src}">'}

def with_alt(
    nb:dict, # A notebook
)->dict: # The same, changed in place
    "Pictures with their description as alt text; the library's figures carry it as their plain text"
    for data in _outputs(nb):
        if tag := _tag(data):
            data.clear()
            data.update(tag)
    return nb

def plain_signatures(
    nb:dict, # A notebook
)->dict: # The same, changed in place
    "Types that are functions called by their name, and no type where only None stood for it"
    for data in _outputs(nb):
        if 'text/markdown' not in data: continue
        text = re.sub(r'<function (\w+) at 0x[0-9a-f]+>', r'\1', ''.join(data['text/markdown']))
        data['text/markdown'] = text.replace(':NoneType=None', '=None')
    return nb

# Pages

_KATEX = re.compile(r'https://cdn\.jsdelivr\.net/npm/katex@[^/"]+/dist')
_FONTS = re.compile(r'@import url\(https?:[^)]*\);')

def no_cdn(
    text:str, # A page or a stylesheet
    up:str='', # The way from the page to the site's root, for example '../'
)->str: # The same, asking no other server for anything
    "Maths from our own copy (`nbs/assets/katex`), and no fonts from elsewhere"
    return _FONTS.sub('', _KATEX.sub(f'{up}assets/katex', text))

def repo_links(
    html:str, # A page
    folder:str, # The page's folder on the site, '' or for example 'lib'
    blob:str, # Where the repository's files are, for example 'https://github.com/ann/faces/blob/main'
)->str: # The same page
    "Links to files that are in the repository but not on the site lead to the repository"
    def sub(m):
        path = posixpath.normpath(posixpath.join('nbs', folder, m[1]))
        return m[0] if path.startswith('nbs/') or path=='nbs' else f'href="{blob}/{path}"'
    return re.sub(r'href="(\.\./[^"]*)"', sub, html)

def bring_pictures(
    html:str, # A page
    folder:str, # The page's folder on the site, '' or for example 'lib'
    root:Path, # The repository's folder
    out:Path, # The site's folder
)->str: # The same page
    "Copy the repository's pictures that a page shows (`../results/…`) onto the site, and show these"
    def sub(m):
        path = posixpath.normpath(posixpath.join('nbs', folder, m[1]))
        if path.startswith('nbs/'): return m[0]
        (out/path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root/path, out/path)
        return f'src="{posixpath.relpath(path, folder or ".")}"'
    return re.sub(r'src="(\.\./[^"]*)"', sub, html)

def accessible(
    html:str, # A page
)->str: # The same page
    "Pictures without a description say what they are, and blocks that scroll can be reached with the tab key"
    html = re.sub(r'<img (?![^>]*\balt=)', '<img alt="What the code above shows" ', html)
    return re.sub(r'<(pre|table)(?![^>]*tabindex)', r'<\1 tabindex="0"', html)
