"""The learner's HTTP service: who may ask what, and how it is answered."""
