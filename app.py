"""The Gradio app: `python app.py`, and what a Hugging Face Space runs."""

from senti.ui import CHECKPOINTS, launch, warm_up

if __name__ == "__main__":
    app, _, _ = launch(prevent_thread_lock=True)
    warm_up(CHECKPOINTS)
    app.blocks.block_thread()
