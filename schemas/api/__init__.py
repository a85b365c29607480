"""The shapes of the API's own bodies. What is signed has its shapes in the folder above."""
