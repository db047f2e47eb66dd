"""The healthy twins that several faults share: each family with its defaults."""

from __future__ import annotations

from tests.faults import families
from tests.faults.case import Case

MLP = Case("mlp/default", families.mlp)
CNN = Case("cnn/default", families.image_model)
DEEP = Case("resnet/default", families.deep)
LSTM = Case("recurrent/lstm", families.language)
GPT = Case("gpt/default", families.gpt)
AUTOENCODER = Case("autoencoder/default", families.autoencoder)
CANCER = Case("cancer/default", families.cancer)
DIABETES = Case("diabetes/default", families.diabetes)
GAN = Case("gan/default", families.gan)
