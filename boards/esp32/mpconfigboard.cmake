# SPDX-License-Identifier: MIT
set(SDKCONFIG_DEFAULTS boards/sdkconfig.base)
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
