"""How fast the packaged students are where people use them: runtimes, folders, videos."""
