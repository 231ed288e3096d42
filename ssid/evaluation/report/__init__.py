"""The page that shows what an evaluation found: numbers, curves and pictures in one HTML file."""
