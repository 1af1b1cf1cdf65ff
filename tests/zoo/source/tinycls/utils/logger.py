_messages = None


def init_logger():
    global _messages
    _messages = []


def info(text):
    _messages.append(text)
