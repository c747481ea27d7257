"""How a cardholder is authenticated: one pure module per question that a page asks, one table of the methods that ask them."""
