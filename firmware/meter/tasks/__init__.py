# SPDX-License-Identifier: MIT
"""The rhythms of the meter: which task runs when, what wakes it, and who picks it up when it falls.

One file per rhythm; supervisor.py keeps them all.  Waiting that belongs to one chip is in its driver.
"""
