"""The challenge in an app: encrypted CReq and CRes between the ACS and the app's SDK."""
