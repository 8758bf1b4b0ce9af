# SPDX-License-Identifier: MIT
"""What `make check` holds the tree to.  Each module has `problems()`: one line per finding, none if all is well."""
