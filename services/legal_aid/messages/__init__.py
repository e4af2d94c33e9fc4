"""What is sent to the routes of legal aid and what they answer."""
