# SPDX-License-Identifier: MIT
"""Where the routines and variables of an image are, from the ELF file that its build leaves.

The caller has run `tools/setup.sh image`: binutils read the file.
"""
import shutil
import subprocess


def addresses(path, *names):
    """Return the address of each symbol; of a routine, that of its first instruction.  Raises LookupError."""
    found = {name: [] for name in names}
    for address, name in _symbols(path):
        if name in found:
            found[name].append(address)
    for name, places in found.items():
        if len(places) != 1:
            raise LookupError(f"{path} has {len(places)} symbols {name}, not one")
    return [found[name][0] for name in names]


def functions(path, codes):
    """Return the name of each frozen Python function whose bytecode is at one of `codes`: module_class_function."""
    known = dict(_symbols(path))
    return [known.get(code, hex(code)).removeprefix("fun_data_") for code in codes]


def _symbols(path):
    reader = shutil.which("arm-none-eabi-nm")
    if reader is None:
        raise LookupError("arm-none-eabi-nm is not there: run tools/setup.sh image")
    listed = subprocess.run([reader, path], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        address, _, name = line.split(" ")[-3:]
        if address:
            yield int(address, 16), name
