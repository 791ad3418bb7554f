import math


class Scalar:
    __slots__ = ("x", "grad", "children", "slopes")

    def __init__(self, x, children=(), slopes=()):
        self.x = x
        self.grad = 0
        self.children = children
        self.slopes = slopes

    def __add__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.x + other.x, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.x * other.x, (self, other), (other.x, self.x))

    def __pow__(self, k): return Scalar(self.x**k, (self,), (k * self.x ** (k - 1),))
    def exp(self): return Scalar(math.exp(self.x), (self,), (math.exp(self.x),))
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)

    def tanh(self):
        t = math.tanh(self.x)
        out = Scalar(t, children=(self,), slopes=(1 - t * t,))
        return out

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for child in v.children:
                    visit(child)
                order.append(v)

        visit(self)
        self.grad = 1
        for v in reversed(order):
            for child, slope in zip(v.children, v.slopes):
                child.grad += slope * v.grad
