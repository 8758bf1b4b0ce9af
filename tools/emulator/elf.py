# SPDX-License-Identifier: MIT
"""Where the routines and variables of an image are, from the ELF file that its build leaves.

The caller has run `tools/setup.sh image`: binutils read the file.
"""
import shutil
import subprocess


def addresses(path, *names):
    """Return the address of each symbol; of a routine, that of its first instruction.  Raises LookupError."""
    reader = shutil.which("arm-none-eabi-nm")
    if reader is None:
        raise LookupError("arm-none-eabi-nm is not there: run tools/setup.sh image")
    listed = subprocess.run([reader, path], capture_output=True, text=True, check=True).stdout
    found = {name: [] for name in names}
    for line in listed.splitlines():
        address, _, name = line.split(" ")[-3:]
        if name in found:
            found[name].append(int(address, 16))
    for name, places in found.items():
        if len(places) != 1:
            raise LookupError(f"{path} has {len(places)} symbols {name}, not one")
    return [found[name][0] for name in names]
