"What the site builder leaves to do: links, pictures, words for screen readers, signatures"
import ast, posixpath, re, shutil
from base64 import b64decode
from html import escape, unescape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

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

def _said_aloud(node):
    "Where the description of a picture stands in the call `node`, as (start, end, what to put there)"
    end = node.func.end_lineno, node.func.end_col_offset
    for arg in [*node.args, *node.keywords]:
        if isinstance(arg, ast.keyword) and arg.arg=='alt':
            return end, (arg.end_lineno, arg.end_col_offset), ''
        value = arg.value if isinstance(arg, ast.keyword) else arg
        end = value.end_lineno, value.end_col_offset

def _whole(node, name): return isinstance(node, ast.Expr) and getattr(getattr(node.value, 'func', None), 'id', '')==name

def seen_code(
    source:str, # A cell of code
)->str: # The same without descriptions of pictures; as it is where it is not plain Python
    "Code as those read it who see the picture: descriptions are for screen readers, and the picture has them"
    try: tree = ast.parse(source)
    except SyntaxError: return source
    cuts = [o for node in ast.walk(tree) if isinstance(node, ast.Call) and (o := _said_aloud(node))]
    for o in tree.body:
        span = (o.lineno, o.col_offset), (o.end_lineno, o.end_col_offset)
        if _whole(o, 'describe_plot'): cuts.append((*span, ''))
        elif _whole(o, 'Picture'): cuts.append((*span, ast.unparse(o.value.args[0])))
    lines = source.encode().splitlines(True)
    at = lambda p: sum(map(len, lines[:p[0]-1])) + p[1]
    text = b''.join(lines)
    for start,end,new in sorted(cuts, reverse=True): text = text[:at(start)] + new.encode() + text[at(end):]
    return text.decode().strip('\n')

def without_alt(
    nb:dict, # A notebook
)->dict: # The same, changed in place
    "Code without the descriptions of the pictures that it makes"
    for o in nb['cells']:
        if o['cell_type']=='code': o['source'] = seen_code(''.join(o['source']))
    return nb

def folded_setup(
    nb:dict, # A lesson
)->dict: # The same, changed in place
    "The cell that installs the library where it is missing, folded: who reads a page has nothing to install"
    for o in nb['cells']:
        if o['cell_type']=='code' and (source := ''.join(o['source'])).startswith('# Installs the course'):
            o['source'] = f'#| code-fold: true\n#| code-summary: Installing the library, in a notebook\n{source}'
    return nb

def plain_signatures(
    nb:dict, # A notebook
    classes:set=frozenset(), # Names of the library's classes
)->dict: # The same, changed in place
    "Signatures as one would write them: classes as classes, functions by name, no type where only None stood for it"
    for data in _outputs(nb):
        if 'text/markdown' not in data: continue
        text = re.sub(r'<function (\w+) at 0x[0-9a-f]+>', r'\1', ''.join(data['text/markdown']))
        text = re.sub(r'\b(\w+)=<factory>', lambda m: f'{m[1]}={dict(list="[]", dict="{}").get(m[1], m[1]+"()")}', text)
        text = text.replace(':NoneType=None', '=None').replace('__main__.', '')
        if (m := re.search(r'^def (\w+)\(', text, re.M)) and m[1] in classes:
            text = re.sub(r'^\)->None:', '):', text.replace(f'def {m[1]}(', f'class {m[1]}(', 1), count=1, flags=re.M)
        data['text/markdown'] = text
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
    return re.sub(r'<(pre|table)(?![^>]*(?:tabindex|role="presentation"))', r'<\1 tabindex="0"', html)

def home(
    html:str, # The home page
)->str: # The same page
    "Names for what looks otherwise than on GitHub: the two ways in, the table of faces, the table of lessons"
    html = re.sub(r'(<body[^>]*class=")', r'\1home ', html, count=1)
    html = re.sub(r'<p>(<strong><a href="lessons/01)', r'<p class="home-start">\1', html, count=1)
    def named(name, picture):
        return lambda h: re.sub(rf'<table([^>]*)>((?:(?!</table>).)*?assets/front/{picture})', rf'<table role="presentation" class="{name}">\2', h,
                                count=1, flags=re.S)
    return named('home-cards', 'lesson1')(named('home-faces', 'angry')(html))

# What a shared link, a search and a keyboard need

class _Text(HTMLParser):
    "The text of a page's `main` element, by the headings that have an anchor"
    SKIP = {'script', 'style', 'svg', 'nav', 'button', 'noscript', 'header'}
    INLINE = {'a', 'abbr', 'b', 'code', 'em', 'i', 'mark', 'span', 'strong', 'sub', 'sup', 'u'}
    VOID = {'img', 'br', 'hr', 'input', 'meta', 'link', 'col', 'source', 'wbr'}

    def __init__(self):
        super().__init__()
        self.sections, self.stack, self.ids, self.in_heading = [['', '', '']], [], [''], False

    def handle_starttag(self, tag, attrs):
        d = dict(attrs)
        if tag not in self.INLINE: self._blank()
        if tag in self.VOID: return
        self.stack.append(tag)
        if tag=='section' and d.get('id'): self.ids.append(d['id'])
        if tag in ('h2', 'h3', 'h4') and 'main' in self.stack:
            self.sections.append([d.get('data-anchor-id') or d.get('id') or self.ids[-1], '', ''])
            self.in_heading = True

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()!=tag: pass
        if tag not in self.INLINE: self._blank()
        if tag in ('h2', 'h3', 'h4'): self.in_heading = False

    def handle_data(self, data):
        if 'main' not in self.stack or self.SKIP & {*self.stack}: return
        self.sections[-1][1 if self.in_heading else 2] += _secret(data) if 'details' in self.stack else data

    def _blank(self): self.sections[-1][2] += ' '

_SETUP = re.compile(r'<details[^>]*>\s*<summary>Installing the library.*?</details>', re.S)
ANSWERS = 'results.html', 'study.html' # they answer what `bet.md` asks
_ANSWER = re.compile('pretrained|[Ff]reez|frozen') # so do these sections of Benchmarks
def _secret(text): return re.sub(r'(?<![\w-])[−+±-]?\d+(?:[.,]\d+)*(?!\w)', '…', text)

def search_entries(
    html:str, # A page
    href:str, # Where it is on the site
)->list: # A dict for each section: `objectID`, `href`, `title`, `section`, `text`
    "What the search box finds of a page: its words as they are read, without markup, and without the numbers that are folded or answer the bet"
    heads = r'<h1[^>]*class="title"[^>]*>(.*?)</h1>', r'<title>(.*?)</title>' # the second has the site's name in it
    title = next(unescape(m[1]) for o in heads if (m := re.search(o, html, re.S)))
    p, plain = _Text(), lambda o: ' '.join(o.split())
    p.feed(_SETUP.sub('', html))
    answers = lambda section: href in ANSWERS or href=='benchmarks.html' and _ANSWER.search(section)
    said = lambda o, section: plain(_secret(o) if answers(section) else o)
    title = plain(re.sub('<[^>]+>', '', title))
    if m := re.search(r'<div class="description">(.*?)</div>', html, re.S): p.sections[0][1] = unescape(re.sub('<[^>]+>', '', m[1]))
    at = [f'{href}#{anchor}' if anchor else href for anchor,_,_ in p.sections]
    return [dict(objectID=h, href=h, title=title, section=said(o[1], o[1]), text=said(o[2], o[1])) for h,o in zip(at, p.sections)]

def by_keyboard(
    html:str, # A page
)->str: # The same page
    "A link that skips the navigation, and headings of the sidebar as buttons that say whether they are open"
    html = re.sub(r'(<body[^>]*>)', r'\1<a class="skip-link" href="#quarto-document-content">Skip to the text</a>', html, count=1)
    def button(m):
        attrs = re.sub(r'\srole="[^"]*"', '', m[1])
        if 'sidebar-item-toggle' in attrs and 'aria-label' not in attrs: attrs += ' aria-label="Show or hide the section"'
        return f'<button type="button" {attrs}>{m[2]}</button>'
    return re.sub(r'<a ((?![^>]*href=)[^>]*data-bs-toggle="collapse"[^>]*)>(.*?)</a>', button, html, flags=re.S)

def at_any_depth(
    html:str, # The page for what is not there
    path:str, # Of the site on its server, for example '/faces/'
)->str: # The same page
    "A server shows this page at the address that was asked for, however deep: links count from the site's root"
    return html.replace('<head>', f'<head><base href="{path}">', 1).replace('href="#', 'href="404.html#')

def one_header(
    html:str, # A page
)->str: # The same page
    "pandas gives the index's name a header row of its own, else empty: put the name above its column"
    row = r'<tr[^>]*>(?:(?!</tr>).)*</tr>'
    def sub(m):
        first, second = re.findall(row, m[0], re.S)
        words = lambda o: [t.replace('&nbsp;', ' ').strip() for t in re.findall(r'<th[^>]*>(.*?)</th>', o, re.S)]
        above, below = words(first), words(second)
        if len(below)!=len(above) or any(a and b for a,b in zip(above, below)): return m[0]
        heads = iter(below)
        merged = re.sub(r'(<th[^>]*>)(.*?)(</th>)', lambda h: h[1] + (next(heads) or h[2]) + h[3], first, flags=re.S)
        return f'<thead>{merged}</thead>'
    return re.sub(rf'<thead>\s*{row}\s*{row}\s*</thead>', sub, html, flags=re.S)

def _is_plot(img):
    "A plot has hardly any of the greys between its paper and its ink, of which faces are made"
    rgb = np.asarray(img.convert('RGBA').convert('RGB'), dtype=int)
    light, dark = rgb.max(2), rgb.min(2)
    return ((light<235) & (dark>30) & (light-dark<60)).mean() < .12

def _measures(fn):
    "Attributes of a picture: its size as it is shown, and whether it is a plot"
    if str(fn).endswith('.svg'):
        w, h = re.search(r'<svg[^>]*?width="(\d+)"[^>]*?height="(\d+)"', Path(fn).read_text(encoding='utf-8')).groups()
        return f' width="{w}" height="{h}"'
    with Image.open(fn) as img:
        if img.format!='PNG': return f' width="{img.width}" height="{img.height}"'
        fine = max(1, round(img.info.get('dpi', (72,))[0]/72)) # 144 dots per inch: drawn for sharp screens
        plot = ' data-figure="plot"' if _is_plot(img) else ''
        return f' width="{img.width//fine}" height="{img.height//fine}"{plot}'

def sized(
    html:str, # A page
    folder:Path, # Where it stands
)->str: # The same page
    "Pictures with their width and height, so that nothing jumps, loaded when they come near; plots are marked as such"
    def measures(src):
        if m := re.match(r'data:image/(?:png|jpeg);base64,(.*)', src, re.S): return _measures(BytesIO(b64decode(m[1])))
        return '' if src.startswith(('http', 'data:')) or not (folder/src).is_file() else _measures(folder/src)
    def sub(m):
        if 'width=' in m[0]: return m[0]
        return f'<img loading="lazy"{measures(m[2])}{m[1]}src="{m[2]}"'
    return re.sub(r'<img((?:(?!src=)[^>])*)src="([^"]*)"', sub, html)

def _end_of_div(html, start):
    "Where the div that opens at `start` is closed"
    depth = 0
    for m in re.compile(r'<(/?)div\b').finditer(html, start):
        depth += -1 if m[1] else 1
        if not depth: return html.index('>', m.end())+1

def exercise_boxes(
    html:str, # A lesson
)->str: # The same page
    "A box around each exercise, from its heading to the cell that checks the answer"
    parts = re.split(r'(<section id="exercise-[^>]*>)', html)
    for i in range(2, len(parts), 2):
        check = re.search(r'(?:\.|\.</span>)check\(', parts[i])
        if not check: continue
        end = _end_of_div(parts[i], parts[i].rindex('<div id="cell-', 0, check.start()))
        parts[i] = f'<div class="exercise">{parts[i][:end]}</div>{parts[i][end:]}'
    return ''.join(parts)

def numbers(
    html:str, # A page
)->str: # The same page
    "Cells of tables that hold a number, or a few with an interval, marked so that they break over no line; and those with a sentence"
    number = r'(?=[^<]*\d)[\d\s.,:±×+−–%()-]+(?:to [\d\s.,+−-]+\)?)?'
    html = re.sub(rf'<td>({number})</td>', r'<td class="number">\1</td>', html)
    return re.sub(r'<td>((?:(?!</?td).)*)</td>', lambda m: f'<td class="words">{m[1]}</td>' if len(re.sub('<[^>]*>', '', m[1]))>60 else m[0], html, flags=re.S)

def unbroken(
    html:str, # A page
)->str: # The same page
    "Short code, each word of long code, and dates, marked so that they break over no line; nor does a number leave its percent sign"
    words = lambda m: re.sub(r'(?<!\S)\S{2,30}(?!\S)', r'<span class="short">\g<0></span>', m[0])
    html = re.sub(r'(?<!<pre>)<code>([^<]{1,30})</code>', r'<code class="short">\1</code>', html)
    html = re.sub(r'(?<=(?<!<pre>)<code>)[^<]+(?=</code>)', words, html)
    date = lambda m: re.sub(r'\b20\d\d-\d\d-\d\d\b', r'<span class="number">\g<0></span>', m[0])
    percent = lambda m: re.sub(r'(?<=\d) (?=%)', '\u00a0', m[0]) if m[1] is None else m[0]
    return re.sub(r'(<pre.*?</pre>)|(?<=>)[^<>]+(?=<)', percent, re.sub(r'(?<=>)[^<>]+(?=<)', date, html), flags=re.S)

def lasting_anchors(
    html:str, # A page
)->str: # The same page
    "Anchors of findings without their numbers, so that a link holds when a record changes"
    return re.sub(r'([a-z][\w.-]*?)-\d+(?:\.\d+)?(?:-points)?-95-over-faces[\w.-]*', r'\1', html)

def short_contents(
    html:str, # A page
)->str: # The same page
    "Headings in the list of contents without the interval that stands in brackets"
    return re.sub(r'<nav id="TOC".*?</nav>', lambda m: re.sub(r'\s*\(95[^)<]*\)', '', m[0]), html, flags=re.S)

def on_site(
    html:str, # A page
    folder:str, # The page's folder on the site
    address:str, # Where the site is published
)->str: # The same page
    "Links to the published site lead to the page beside this one, so that an offline copy holds together"
    def sub(m):
        path = posixpath.relpath(m[1] or 'index.html', folder or '.')
        return f'href="{path}{m[2] or ""}"'
    return re.sub(rf'(?<=<a )href="{re.escape(address.rstrip("/"))}/([^"#]*)(#[^"]*)?"', sub, html)

def shared_as(
    html:str, # A page
    href:str, # Where it is on the site
    address:str, # Where the site is published
)->str: # The same page
    "What a link to the page shows elsewhere: title, description, a drawn picture; and the page's one address"
    patterns = r'<title>(.*?)</title>', r'<meta name="description" content="(.*?)"'
    html = re.sub(patterns[1], lambda m: m[0].replace('`', ''), html)
    title, about = (m[1] if (m := re.search(o, html)) else '' for o in patterns)
    tags = {'og:title': title, 'og:description': about, 'og:type': 'website',
            'og:url': f'{address}{href}', 'og:image': f'{address}assets/card.png'}
    meta = ''.join(f'<meta property="{k}" content="{v}">' for k,v in tags.items())
    meta += '<meta name="twitter:card" content="summary_large_image">'
    if 'rel="canonical"' not in html: meta += f'<link rel="canonical" href="{address}{href}">'
    return html.replace('</head>', f'{meta}</head>', 1)
