"""What happens by itself: asking the cardholder outside a page, and what falls due."""
