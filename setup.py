"Reads everything from settings.ini, so that no fact about the package stands twice."
from configparser import ConfigParser
from pathlib import Path
from setuptools import setup, find_packages

ini = ConfigParser(delimiters=['='])
ini.read(Path(__file__).parent/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']
extras = {o: cfg[f'{o}_requirements'].split() for o in ('fetch', 'export', 'distributed', 'dev')}

setup(
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'],
    author=cfg['author'], author_email=cfg['author_email'],
    license_expression=cfg['license'], keywords=cfg['keywords'].split(),
    long_description=(Path(__file__).parent/'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    python_requires=f">={cfg['min_python']}",
    classifiers=[f'Programming Language :: Python :: {o}' for o in cfg['pythons'].split()],
    packages=[*find_packages(include=['fer_course', 'fer_course.*']), 'fer_course.results'],
    package_dir={'fer_course.results': 'results'}, # lessons read the records wherever they are opened
    package_data={'fer_course.results': ['**/*'], 'fer_course': ['weights/*'], 'fer_course.apps': ['*.css', '*.js']},
    install_requires=cfg['requirements'].split(),
    extras_require=dict(extras, dev=sum(extras.values(), [])), # who develops needs all of them
    entry_points={'console_scripts': cfg['console_scripts'].split(), 'nbdev': ['fer_course=fer_course._modidx:d']},
)
