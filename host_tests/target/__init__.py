# SPDX-License-Identifier: MIT
"""`make smoke`: tests that run on a board itself, real or emulated.  What is wired to it: wiring/."""
