# SPDX-License-Identifier: MIT
"""Error curves of a calibrated meter against the limits of its class, on sampled waveforms."""
