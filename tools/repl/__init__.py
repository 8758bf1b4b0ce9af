# SPDX-License-Identifier: MIT
"""`make repl`: a prompt on a board whose meter runs beside it."""
