"""Legal aid: advice, representation, protective orders in court, compensation, non-punishment."""
