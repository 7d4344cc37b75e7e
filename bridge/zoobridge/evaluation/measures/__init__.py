"""What is computed of answers: outcomes, and the measures of them."""
