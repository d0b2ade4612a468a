"""The quickstart: SVM, full fine-tuning and LoRA on the bundled reviews, live, in about a minute."""

from senti.config import Config, FinetuneConfig, LoraConfig, SvmConfig

# 800 reviews want larger steps than the lab's defaults, which are made for 8,530
CONFIGS: tuple[Config, ...] = (
    SvmConfig(dataset="bundled", model="minilm", subset=800, pooling="mean"),
    FinetuneConfig(dataset="bundled", model="minilm", subset=800, lr=1e-4),
    LoraConfig(dataset="bundled", model="minilm", subset=800, lr=2e-3),
)
