"Run a command as pip installed it, in a process forked from one that has imported fastai"
import os, runpy, sys

def main(script, args, cwd, env, out, err):
    "What is printed goes to the files `out` and `err`"
    for fd,fn in ((1, out), (2, err)): os.dup2(os.open(fn, os.O_WRONLY|os.O_CREAT), fd)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = [script, *args]
    runpy.run_path(script, run_name='__main__')
