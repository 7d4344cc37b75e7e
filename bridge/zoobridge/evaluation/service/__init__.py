"""``EvaluationService``: evaluations of data that lie on the server's machine."""
