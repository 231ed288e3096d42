"""A page on this machine that derains what is dropped on it (extra ``serve``)."""
