"""What is learned from and measured on: digits, pen strokes, drawings of no digit, corrections."""
