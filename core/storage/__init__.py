"""Where the bytes of files lie: one port, with a folder of this machine or S3 behind it, or what a plugin brings."""
