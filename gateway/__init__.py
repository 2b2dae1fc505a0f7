"""The websocket gateway: live hints for browsers."""
