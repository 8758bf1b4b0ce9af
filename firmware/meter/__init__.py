# SPDX-License-Identifier: MIT
"""The meter: start reading at app.py, which joins the rooms."""
