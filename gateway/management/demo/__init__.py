"""The demo: the product with an Internet of its own on loopback, and one message through every door."""
