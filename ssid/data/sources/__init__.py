"""What lies in a folder, an archive or a list: images, pairs, and which is which."""
