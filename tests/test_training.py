"""The quick parts of training against the stock ones: same optimizer, same attention, same order after a resume."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from senti.config import FinetuneConfig, LoraConfig
from senti.encoder import ARCHITECTURES, load_classifier, padded, resolve_model
from senti.encoder.lora import check_upper
from senti.errors import BadConfig, Stopped
from senti.experiment import create, prepare
from senti.methods.lora import adapted
from senti.training.dropout import ByteDropout, attend, drop, quicken
from senti.training.optimizer import MasterAdamW
from senti.training.rows import RowEmbedding, row_embeddings
from senti.training.sampler import LengthSampler, order_by_length
from senti.training.upper import Skipped, StateCollator, check_size, lower_skipped, lower_states

LENGTHS = np.random.default_rng(0).integers(3, 60, 1000).tolist()


class Small(nn.Module):
    """Words, a layer, a norm: what a transformer has in decayed and undecayed weights."""

    def __init__(self):
        super().__init__()
        self.words, self.layer, self.norm = nn.Embedding(20, 8), nn.Linear(8, 3), nn.LayerNorm(8)

    def forward(self, ids):
        return self.layer(self.norm(self.words(ids)).mean(1))

    def get_input_embeddings(self):
        return self.words


def groups(model):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    decayed = [p for _, p in named if p.ndim > 1]
    others = [p for _, p in named if p.ndim < 2]
    return [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]


def quick(model, decay=0.1):
    """Our optimizer with the words row by row."""
    words = row_embeddings(model)
    return MasterAdamW(groups(model), 1e-2, words, decay)


def steps(model, optimizer, count=6, words=20, clip=None, seed=0):
    """Losses of some steps on random ids."""
    draw, losses = torch.Generator().manual_seed(seed), []
    for _ in range(count):
        ids = torch.randint(0, words, (4, 5), generator=draw)
        loss = F.cross_entropy(5 * model(ids).float(), torch.randint(0, 3, (4,), generator=draw))
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("rows", [False, True])
def test_the_optimizer_is_adamw_with_clipping(rows):
    """In float32, where every word is in every batch, ours and torch's with clip_grad_norm_ are one."""
    torch.manual_seed(0)
    ours, stock = (lambda m: (m, copy.deepcopy(m)))(Small())
    words = row_embeddings(ours) if rows else None
    mine = MasterAdamW(groups(ours), 1e-2, words, 0.1, max_norm=0.3)
    theirs = torch.optim.AdamW(groups(stock), lr=1e-2)
    assert steps(ours, mine, words=2) == pytest.approx(steps(stock, theirs, words=2, clip=0.3), rel=1e-5)
    for (name, a), b in zip(ours.named_parameters(), stock.parameters(), strict=True):
        kept = slice(0, 2) if rows and "words" in name else slice(None)  # unread rows have no weight decay
        torch.testing.assert_close(a[kept], b[kept], atol=1e-6, rtol=1e-5)


def test_the_optimizer_reports_the_norm_before_clipping():
    torch.manual_seed(0)
    model = Small()
    optimizer = quick(model)
    reference = copy.deepcopy(model)
    reference.words = nn.Embedding.from_pretrained(model.words.weight.detach().clone(), freeze=False)
    ids = torch.tensor([[1, 2, 2], [3, 1, 4]])
    for each in (model, reference):
        each(ids).square().sum().backward()
    optimizer.step()
    stock = nn.utils.clip_grad_norm_(reference.parameters(), 1.0)
    assert optimizer.grad_norm == pytest.approx(stock.item(), rel=1e-5)


def test_small_updates_are_not_lost_in_bf16():
    """A thousand steps of a ten-thousandth: bf16 alone would not move at all."""
    model = nn.Linear(1, 1, bias=False).bfloat16()
    with torch.no_grad():
        model.weight.fill_(1.0)
    optimizer = MasterAdamW([{"params": list(model.parameters()), "weight_decay": 0.0}], 1e-4)
    for _ in range(1000):
        model.weight.grad = torch.ones_like(model.weight)
        optimizer.step()
    assert model.weight.item() == pytest.approx(0.9, abs=0.004)


def test_the_optimizer_goes_on_after_a_reload():
    torch.manual_seed(0)
    model = Small().bfloat16()
    optimizer = quick(model)
    steps(model, optimizer)
    saved = copy.deepcopy(optimizer.state_dict())
    fresh = Small().bfloat16()
    resumed = quick(fresh)
    resumed.load_state_dict(saved)
    assert steps(fresh, resumed, seed=1) == steps(model, optimizer, seed=1)
    for a, b in zip(model.parameters(), fresh.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_parameter_without_gradient_stays():
    model = Small()
    extra = nn.Parameter(torch.ones(3))
    optimizer = MasterAdamW([*groups(model), {"params": [extra], "weight_decay": 0.0}], 1e-2)
    steps(model, optimizer)
    assert torch.equal(extra.data, torch.ones(3))


def test_rows_have_the_gradient_of_the_dense_embedding():
    torch.manual_seed(0)
    model = Small()
    dense = copy.deepcopy(model.words)
    words = row_embeddings(model)
    assert isinstance(words, RowEmbedding)
    for ids in (torch.tensor([[1, 2, 2]]), torch.tensor([[2, 7, 0]])):  # two batches per update
        words(ids).square().sum().backward()
        dense(ids).square().sum().backward()
    rows, gradient = words.take_gradient()
    assert rows.tolist() == [0, 1, 2, 7]
    torch.testing.assert_close(gradient, dense.weight.grad[rows])
    assert not words.read


def test_words_that_were_not_read_stay():
    torch.manual_seed(0)
    model = Small()
    before = model.words.weight.detach().clone()
    steps(model, quick(model), words=10)
    assert torch.equal(model.words.weight[10:], before[10:]) and not torch.equal(model.words.weight[:10], before[:10])


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_dropout_keeps_share_and_mean(p):
    torch.manual_seed(0)
    out = drop(torch.ones(400_003), p)
    assert (out == 0).float().mean().item() == pytest.approx(p, abs=0.004)
    assert out.mean().item() == pytest.approx(1, abs=0.01)
    assert len(out.unique()) == 2


def test_dropout_is_off_where_it_should_be():
    values = torch.randn(7, 5)
    assert torch.equal(drop(values, 0.0), values)
    assert torch.equal(ByteDropout(0.5).eval()(values), values)
    assert not torch.equal(ByteDropout(0.5)(values), values)


def test_attention_is_torch_s_own():
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 4, 6, 8, requires_grad=True) for _ in range(3))
    mask = torch.zeros(2, 1, 6, 6)
    mask[1, :, :, 3:] = torch.finfo(torch.float32).min
    ours, _ = attend(nn.Module(), query, key, value, mask)
    stock = F.scaled_dot_product_attention(query, key, value, attn_mask=mask).transpose(1, 2)
    torch.testing.assert_close(ours, stock)
    mine, theirs = (torch.autograd.grad(out.square().sum(), (query, key, value)) for out in (ours, stock))
    torch.testing.assert_close(mine, theirs)


def test_a_quickened_model_computes_the_same():
    model = load_classifier(resolve_model("minilm"), ["a", "b"])
    inputs = padded([[101, 2019, 2143, 102], [101, 102]], pad=0)
    with torch.inference_mode():
        before = model(**inputs).logits
        quicken(model)
        assert sum(type(m) is ByteDropout for m in model.modules()) > 10
        torch.testing.assert_close(model(**inputs).logits, before, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("batch_size", [1, 16, 1000, 3000])
def test_the_order_holds_each_text_once(batch_size):
    order = order_by_length(LENGTHS, batch_size, seed=3, epoch=1)
    assert sorted(order) == list(range(1000))
    assert order == order_by_length(LENGTHS, batch_size, seed=3, epoch=1)


def test_the_order_depends_on_seed_epoch_and_lengths_alone():
    torch.manual_seed(1)
    first = order_by_length(LENGTHS, 16, seed=0, epoch=0)
    torch.manual_seed(2)
    np.random.seed(5)
    assert first == order_by_length(list(LENGTHS), 16, seed=0, epoch=0)
    assert first != order_by_length(LENGTHS, 16, seed=1, epoch=0)
    assert first != order_by_length(LENGTHS, 16, seed=0, epoch=1)
    assert order_by_length([], 16, 0, 0) == []


def test_batches_are_of_like_length_and_well_mixed():
    order = order_by_length(LENGTHS, 16, seed=0, epoch=0)
    batches = [[LENGTHS[i] for i in order[k : k + 16]] for k in range(0, 1000, 16)]
    padding = sum(max(b) * len(b) - sum(b) for b in batches) / sum(LENGTHS)
    assert padding < 0.06 and len(batches[-1]) == 1000 % 16  # as they come it is about 0.8
    longest = [max(b) for b in batches[:-1]]
    assert longest != sorted(longest) and longest != sorted(longest, reverse=True)


def test_the_sampler_is_the_order_of_its_epoch():
    sampler = LengthSampler(LENGTHS, 16, seed=7)
    assert list(sampler) == order_by_length(LENGTHS, 16, 7, 0) and len(sampler) == 1000
    sampler.set_epoch(2)
    assert list(sampler) == order_by_length(LENGTHS, 16, 7, 2)


@pytest.fixture
def trainer_of(tmp_path, tiny_folder, with_hub_cache, monkeypatch):
    """A QuickTrainer on the tiny reviews that saves every three steps; four steps an epoch."""
    from senti.encoder import load_tokenizer
    from senti.training.tokenize import tokenize
    from senti.training.trainer import Collator, QuickTrainer, Texts, arguments, cross_entropy, made_ready

    monkeypatch.setattr("senti.training.checkpoint.KEPT", 9)

    def make(cls, precision, name):
        knobs = {"batch_size": 16, "epochs": 2, "lr": 1e-2, "precision": precision}
        config = cls(dataset=str(tiny_folder), model="distilbert", **knobs)
        prepared = prepare(config)
        run = create(tmp_path / name, prepared)
        torch.manual_seed(0)
        labels, tokenizer = prepared.corpus.labels, load_tokenizer(prepared.backbone)
        lora = isinstance(config, LoraConfig)
        model = adapted(prepared.backbone, config, labels) if lora else load_classifier(prepared.backbone, labels)
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.1  # the tiny model has none, and a resume has to bring its random state back
        ids = list(tokenize(prepared.corpus, tokenizer, 64).with_format("numpy")["train"]["input_ids"])
        labels_of = prepared.corpus.splits["train"]["label"].to_numpy()
        args = arguments(config, run, 64)
        args.eval_strategy, args.eval_on_start = "no", False
        args.save_strategy, args.save_steps = "steps", 3
        args.logging_steps = 1
        return QuickTrainer(
            model=made_ready(model, precision), args=args, train_dataset=Texts(ids, labels_of),
            data_collator=Collator(tokenizer.pad_token_id), compute_loss_func=cross_entropy,
        )  # fmt: skip

    return make


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("cls", [FinetuneConfig, LoraConfig])
def test_a_resume_in_mid_epoch_is_exact(trainer_of, cls, precision):
    """Steps 4 to 8 after a reload from step 3 (of 4 an epoch) have the very losses of the run that went through."""
    whole = trainer_of(cls, precision, "whole")
    whole.train()
    losses = [row["loss"] for row in whole.state.log_history if "loss" in row]
    assert len(losses) == 8
    resumed = trainer_of(cls, precision, "resumed")
    resumed.train(resume_from_checkpoint=f"{whole.args.output_dir}/checkpoint-3")
    after = [row["loss"] for row in resumed.state.log_history if "loss" in row]
    assert after[-5:] == losses[-5:]
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)


def bert_like(kind):
    from transformers import AutoConfig, AutoModelForSequenceClassification

    torch.manual_seed(0)
    sizes = {"vocab_size": 99, "num_hidden_layers": 3, "hidden_size": 32, "num_attention_heads": 4,
             "intermediate_size": 64, "max_position_embeddings": 64}  # fmt: skip
    if kind == "distilbert":
        sizes = {"vocab_size": 99, "n_layers": 3, "dim": 32, "n_heads": 4, "hidden_dim": 64}
    return AutoModelForSequenceClassification.from_config(AutoConfig.for_model(kind, **sizes)).eval()


@pytest.mark.parametrize("kind", [kind for kind, known in ARCHITECTURES.items() if known.plain])
@pytest.mark.parametrize("upper", [1, 2, 3])
def test_kept_states_and_upper_layers_are_the_whole_model(kind, upper):
    model = bert_like(kind)
    ids = [np.array([5, 6, 7, 8]), np.array([9, 10]), np.array([5, 3, 2])]
    with torch.inference_mode():
        whole = model(**padded(ids, pad=1)).logits
    states = lower_states(model, ids, 1, upper)
    assert [tuple(state.shape) for state in states] == [(4, 32), (2, 32), (3, 32)]
    layers = model.base_model.get_submodule(ARCHITECTURES[kind].layers)
    with lower_skipped(model, upper), torch.inference_mode():
        assert sum(type(layer) is Skipped for layer in layers) == 3 - upper
        batch = StateCollator()([(state, 0) for state in states])
        kept = model(inputs_embeds=batch["inputs_embeds"], attention_mask=batch["attention_mask"]).logits
    torch.testing.assert_close(kept, whole, atol=1e-5, rtol=1e-4)
    with torch.inference_mode():  # and all is put back
        torch.testing.assert_close(model(**padded(ids, pad=1)).logits, whole)


def test_only_upper_layers_are_adapted_and_saved(tmp_path, tiny_folder, with_hub_cache):
    from safetensors import safe_open

    from senti.experiment import conduct
    from senti.methods import load

    config = LoraConfig(dataset=str(tiny_folder), model="distilbert", lr=3e-2, epochs=8, upper_layers=1)
    run = create(tmp_path, prepare(config))
    result = conduct(run)
    with safe_open(run.model_path / "adapter_model.safetensors", "pt") as file:
        names = {name for name in file.keys() if "lora" in name}
    assert len(names) == 4 and all(".layer.1." in name for name in names)
    assert run.events()["loss"].iloc[-5:].mean() < 0.8 * run.events()["loss"].iloc[0]  # it learns
    assert load(run)(["a tender film"]).shape == (1, 2)
    validation = run.events().query("split == 'validation'")["accuracy"].max()
    # the whole model from the disk does what the upper layers did on kept states
    assert result["scores"]["validation"]["accuracy"] == pytest.approx(validation, abs=1 / 32)


def test_upper_layers_that_cannot_be_are_refused(tmp_path, tiny_folder, with_hub_cache, monkeypatch):
    config = LoraConfig(dataset=str(tiny_folder), model="distilbert", upper_layers=3)
    with pytest.raises(BadConfig, match="has 2 layers"):
        prepare(config)
    with pytest.raises(BadConfig, match=r"37\.3 GiB"):
        check_size(10**8 // 2, 400, 2)
    albert = type("Config", (), {"model_type": "albert", "num_hidden_layers": 12})
    with pytest.raises(BadConfig, match="albert"):
        check_upper(2, albert)
    check_upper(0, albert)


def test_lower_layers_hear_a_stop():
    with pytest.raises(Stopped):
        lower_states(bert_like("bert"), [np.array([5, 6])], 1, 1, should_stop=lambda: True)
