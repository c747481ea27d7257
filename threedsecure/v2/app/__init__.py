"""The app channel's cryptography: device data, signed content, encrypted challenges."""
