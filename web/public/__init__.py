"""The public door: start page, chat, JSON API, text messages. One Flask app."""
