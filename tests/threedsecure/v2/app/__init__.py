"""Tests of the app channel's cryptography."""
