"""What the directory server keeps."""
