"""Public sets of rain: what they are, whom to cite, and how to obtain them."""

from dataclasses import dataclass

ASK = "the authors state none; ask them before you pass images on"
PAGE = "see the page of the authors"


@dataclass(frozen=True)
class PublicSet:
    """A published set of images.

    Attributes:
        what: is in it.
        citation: citation of the paper that introduced it.
        page: address where its authors, or those who carry it, offer it.
        folder: folder of the images in its git repository; empty where no repository carries them.
        options: options of `ssid data add` that suit it.
        licence: words on what is known of it.
        note: words on what to know before using it.
    """

    what: str
    citation: str
    page: str
    folder: str = ""
    options: str = "--role synthetic"
    licence: str = ASK
    note: str = ""

    def __str__(self) -> str:
        lines = [f"what     {self.what}", f"cite     {self.citation}", f"licence  {self.licence}"]
        lines += [f"note     {self.note}"] if self.note else []
        return "\n".join([*lines, f"from     {self.page}"])


_JORDER = "Yang et al., Deep Joint Rain Detection and Removal from a Single Image, CVPR 2017"
_IDCGAN = "Zhang, Sindagi, Patel, Image De-raining Using a Conditional GAN, IEEE TCSVT 2020"
_JORDER_PAGE = "https://www.icst.pku.edu.cn/struct/Projects/joint_rain_removal.html"
_GITHUB = "https://github.com/"

PUBLIC_SETS = {
    "real275": PublicSet(
        "275 photographs of real rain",
        "Cui et al., Semi-Supervised Image Deraining Using Knowledge Distillation, IEEE TCSVT 2022",
        _GITHUB + "cuiyixin555/SSID-KD",
        "Real275/test/rain",
        "--role real",
        note="the files are called norain-1.png, although they are rainy",
    ),
    "sirr": PublicSet(
        "147 photographs of real rain",
        "Wei et al., Semi-Supervised Transfer Learning for Image Rain Removal, CVPR 2019",
        _GITHUB + "wwzjer/Semi-supervised-IRR",
        "data/rainy_image_dataset/real_input",
        "--role real",
        note="some show no streaks",
    ),
    "moss": PublicSet(
        "photographs of real rain",
        "Huang, Yu, He, Memory Oriented Transfer Learning for Semi-Supervised Image Deraining,"
        " CVPR 2021",
        _GITHUB + "hhb072/MOSS",
        "data/real/input",
        "--role real",
    ),
    "bsds500": PublicSet(
        "500 clean photographs to render rain on",
        "Arbelaez et al., Contour Detection and Hierarchical Image Segmentation, IEEE TPAMI 2011",
        _GITHUB + "BIDS/BSDS500",
        "BSDS500/data/images",
        "--role synthetic --rain varied",
        licence="for research and teaching, not for sale; " + PAGE,
        note="91 are the originals of Rain100; `ssid data check` finds them",
    ),
    "rain800": PublicSet(
        "700 pairs of varied synthetic rain, side by side",
        _IDCGAN,
        _GITHUB + "hezhangsprinter/ID-CGAN",
    ),
    "test100": PublicSet(
        "100 pairs, the test part of rain800, side by side",
        _IDCGAN,
        _GITHUB + "TheLethargicOwl/Single-Image-De-Raining-Keras",
        "dataset/rain/test_syn",
        "--role benchmark",
    ),
    "rain100l": PublicSet(
        "200 pairs for training and 100 for tests, light rain",
        _JORDER,
        _JORDER_PAGE,
        note="rain200l is its later, larger release; results on both do not compare",
    ),
    "rain100h": PublicSet(
        "1,800 pairs for training and 100 for tests, heavy rain",
        _JORDER,
        _JORDER_PAGE,
        note="546 training pairs share their background with a test pair",
    ),
    "rain12": PublicSet(
        "12 pairs for tests",
        "Li et al., Rain Streak Removal Using Layer Priors, CVPR 2016",
        "https://yu-li.github.io",
        options="--role benchmark",
    ),
    "rain1200": PublicSet(
        "12,000 pairs for training and 1,200 for tests, three densities, side by side",
        "Zhang, Patel, Density-Aware Single Image De-raining Using a Multi-Stream Dense Network,"
        " CVPR 2018",
        _GITHUB + "hezhangsprinter/DID-MDN",
    ),
    "rain1400": PublicSet(
        "1,000 clean photographs with 14 kinds of rain each",
        "Fu et al., Removing Rain from Single Images via a Deep Detail Network, CVPR 2017",
        "https://xueyangfu.github.io/projects/cvpr2017.html",
        note="photographs 901 to 1000 are for tests",
    ),
    "rain13k": PublicSet(
        "13,712 pairs, a union of older sets",
        "Jiang et al., Multi-Scale Progressive Fusion Network for Single Image Deraining,"
        " CVPR 2020",
        _GITHUB + "swz30/MPRNet",
    ),
    "spa": PublicSet(
        "29,500 pairs from videos of real rain, and 1,000 for tests",
        "Wang et al., Spatial Attentive Single-Image Deraining with a High Quality Real Rain"
        " Dataset, CVPR 2019",
        "https://stevewongv.github.io/derain-project.html",
        licence=PAGE,
    ),
    "raindrop": PublicSet(
        "pairs of photographs through a window with and without drops",
        "Qian et al., Attentive Generative Adversarial Network for Raindrop Removal from a Single"
        " Image, CVPR 2018",
        _GITHUB + "rui1996/DeRaindrop",
    ),
    "rainds": PublicSet(
        "pairs with raindrops, with streaks and with both, real and synthetic",
        "Quan et al., Removing Raindrops and Rain Streaks in One Go, CVPR 2021",
        _GITHUB + "Songforrr/RainDS_CCN",
    ),
    "gt_rain": PublicSet(
        "videos of real rain, with a clean frame for each scene",
        "Ba et al., Not Just Streaks: Towards Ground Truth for Single Image Deraining, ECCV 2022",
        "https://visual.ee.ucla.edu/gt_rain.htm",
        licence=PAGE,
    ),
}
