"""A seven as strokes, and answers of the recogniser to it."""

SEVEN = [[(0.28, 0.24), (0.5, 0.235), (0.7, 0.23), (0.58, 0.5), (0.47, 0.82)]]  # strokes, in units of the pad's side
RESULT = {
    "label": "7",
    "confidence": 0.9996,
    "recognised": True,
    "probabilities": {"7": 0.9996, "9": 0.0004, **dict.fromkeys("01234568", 0.0)},
    "model": "mnist",
    "version": "1.0",
}
CLOSE = {
    **RESULT,
    "label": "1",
    "confidence": 0.51,
    "probabilities": {"1": 0.51, "7": 0.47, "4": 0.02, **dict.fromkeys("0235689", 0.0)},
}
