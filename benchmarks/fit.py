"Short trainings whose time is measured: without validation, without output, and with a clock"
import time

import torch
from fastai.callback.core import Callback, CancelValidException

from fer_course.train.callbacks import SeedEpochs

class NoValid(Callback):
    "Validation after each of many short epochs would cost more than the training"
    def before_validate(self): raise CancelValidException()

class Clock(Callback):
    "Processor seconds of the training part of each epoch"
    order = 90
    def before_fit(self): self.seconds = []
    def before_train(self): self.began = time.process_time()
    def after_train(self): self.seconds.append(time.process_time()-self.began)

class Speed(Callback):
    "Images a second of each epoch, without its validation; a GPU is waited for"
    def before_fit(self): self.speeds = []
    def before_train(self): self.began, self.images = time.perf_counter(), 0
    def after_batch(self): self.images += len(self.x) if self.training else 0
    def after_train(self):
        if torch.device(self.dls.device).type=='cuda': torch.cuda.synchronize() # fer_dls keeps the name that it was given
        self.speeds.append(self.images/(time.perf_counter()-self.began))

def fit_quietly(learn, epochs, lr, seed=None, cbs=()):
    "Train with the one-cycle schedule, show nothing, and return `learn`"
    seeds = [] if seed is None else [SeedEpochs(seed)]
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(epochs, lr, cbs=[*seeds, *cbs])
    return learn
