"""What every payment form is made of: fields, seals, money, and the buyer."""
