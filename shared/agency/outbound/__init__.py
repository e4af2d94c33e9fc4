"""Letters on their way to the gateway: kept before they are sent, sent until they are answered."""
