# SPDX-License-Identifier: MIT
"""What has happened, on record: what a record of each log holds.  The rings they lie in come from app.py."""
