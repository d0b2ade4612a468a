"""What a report cites."""

from senti.report.blocks import Section, Sources
from senti.report.facts import Facts
from senti.report.method import kind_of

WORKS = {  # what is cited: for a method, a data set, a backbone, or in every report
    "": (
        ("Wilson 1927, Probable inference, the law of succession, and statistical inference",
         "https://doi.org/10.1080/01621459.1927.10502953"),
        ("McNemar 1947, Note on the sampling error of the difference between correlated proportions",
         "https://doi.org/10.1007/BF02295996"),
        ("Holm 1979, A simple sequentially rejective multiple test procedure", "https://www.jstor.org/stable/4615733"),
        ("Efron and Tibshirani 1993, An introduction to the bootstrap", "https://doi.org/10.1201/9780429246593"),
        ("Monroe, Colaresi and Quinn 2008, Fightin' words", "https://doi.org/10.1093/pan/mpn018"),
    ),
    "tfidf": (("Guo et al. 2017, On calibration of modern neural networks", "https://arxiv.org/abs/1706.04599"),),
    "svm": (("Guo et al. 2017, On calibration of modern neural networks", "https://arxiv.org/abs/1706.04599"),),
    "finetune": (("Loshchilov and Hutter 2019, Decoupled weight decay regularization",
                  "https://arxiv.org/abs/1711.05101"),),
    "lora": (("Hu et al. 2021, LoRA: low-rank adaptation of large language models",
              "https://arxiv.org/abs/2106.09685"),
             ("Loshchilov and Hutter 2019, Decoupled weight decay regularization",
              "https://arxiv.org/abs/1711.05101")),
    "prompt": (("Reimers and Gurevych 2019, Sentence-BERT", "https://arxiv.org/abs/1908.10084"),
               ("Snell, Swersky and Zemel 2017, Prototypical networks for few-shot learning",
                "https://arxiv.org/abs/1703.05175"),
               ("Schick and Schütze 2021, Exploiting cloze questions for few-shot text classification",
                "https://arxiv.org/abs/2001.07676")),
    "distill": (("Hinton, Vinyals and Dean 2015, Distilling the knowledge in a neural network",
                 "https://arxiv.org/abs/1503.02531"),
                ("Sanh et al. 2019, DistilBERT, a distilled version of BERT", "https://arxiv.org/abs/1910.01108")),
    "dora": (("Liu et al. 2024, DoRA: weight-decomposed low-rank adaptation", "https://arxiv.org/abs/2402.09353"),),
    "ia3": (("Liu et al. 2022, Few-shot parameter-efficient fine-tuning is better and cheaper than in-context learning",
             "https://arxiv.org/abs/2205.05638"),),
    "prefix": (("Li and Liang 2021, Prefix-tuning: optimizing continuous prompts for generation",
                "https://arxiv.org/abs/2101.00190"),),
    "prompt-tuning": (("Lester et al. 2021, The power of scale for parameter-efficient prompt tuning",
                "https://arxiv.org/abs/2104.08691"),),
    "rotten_tomatoes": (("Pang and Lee 2005, Seeing stars", "https://aclanthology.org/P05-1015/"),),
    "sst2": (("Socher et al. 2013, Recursive deep models for semantic compositionality over a sentiment treebank",
              "https://aclanthology.org/D13-1170/"),),
    "imdb": (("Maas et al. 2011, Learning word vectors for sentiment analysis",
              "https://aclanthology.org/P11-1015/"),),
    "MiniLM": (("Wang et al. 2020, MiniLM: deep self-attention distillation", "https://arxiv.org/abs/2002.10957"),),
    "DistilBERT": (("Sanh et al. 2019, DistilBERT, a distilled version of BERT", "https://arxiv.org/abs/1910.01108"),),
    "BERT": (("Devlin et al. 2019, BERT: pre-training of deep bidirectional transformers",
              "https://arxiv.org/abs/1810.04805"),),
    "RoBERTa": (("Liu et al. 2019, RoBERTa: a robustly optimized BERT pretraining approach",
                 "https://arxiv.org/abs/1907.11692"),),
    "ALBERT": (("Lan et al. 2020, ALBERT: a lite BERT", "https://arxiv.org/abs/1909.11942"),),
}  # fmt: skip


def sources(facts: Facts) -> Section:
    """The works behind the methods, data sets and backbones of a report, and behind its tests."""
    runs = [run for group in facts.groups for run in group.runs]
    methods = [name for run in runs for name in (run.facts["method"], kind_of(run))]
    keys = [*methods, *(group.data["name"] for group in facts.groups), *facts.backbones]
    works = dict.fromkeys(work for key in dict.fromkeys([*keys, ""]) for work in WORKS.get(key, ()))
    return Section("Sources", (Sources(tuple(sorted(works))),))
