"""Talks to the network."""

from __future__ import annotations

import urllib.request

ask = urllib.request.urlopen
