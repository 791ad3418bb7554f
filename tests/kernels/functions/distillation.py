"""Distillation: the divergence of the teacher's softened probabilities from the student's."""

import torch


class Distillation(torch.autograd.Function):
    @staticmethod
    def forward(ctx, student, teacher, temperature):
        logq = torch.log_softmax(student / temperature, -1)
        logp = torch.log_softmax(teacher / temperature, -1)
        p = torch.exp(logp)
        ctx.save_for_backward(logq, p)
        ctx.temperature = temperature
        rows = student.numel() // student.shape[-1]
        return (p * (logp - logq)).sum() * temperature**2 / rows

    @staticmethod
    def backward(ctx, grad_loss):
        logq, p = ctx.saved_tensors
        rows = p.numel() // p.shape[-1]
        dstudent = (torch.exp(logq) - p) * (ctx.temperature / rows)
        return grad_loss * dstudent, None, None


def inputs(rng, *, batch=2, time=3, words=4):
    return {
        "student": torch.from_numpy(rng.normal(size=(batch, time, words))),
        "teacher": torch.from_numpy(rng.normal(size=(batch, time, words))),
        "temperature": 2.0,
    }


def reference(student, teacher, temperature):
    rows = student.numel() // student.shape[-1]
    q = torch.log_softmax(student / temperature, -1)
    p = torch.log_softmax(teacher.detach() / temperature, -1)
    loss = torch.nn.functional.kl_div(q, p, reduction="sum", log_target=True)
    return loss * temperature**2 / rows
