"""senti: adapt a pre-trained transformer to sentiment analysis, and see inside while it happens.

A text flows one way: corpus -> encoder -> method -> run -> evaluation, and two doors look in on it:
the command line (`python -m senti --help`) and the Gradio app (`python app.py`).
Importing this package loads neither torch nor gradio.
"""

__version__ = "0.1.0"
