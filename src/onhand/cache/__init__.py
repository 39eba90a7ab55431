"""What is displayed: availability kept near the reader. It never decides a sale."""
