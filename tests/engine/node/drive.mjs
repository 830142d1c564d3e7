// SPDX-License-Identifier: GPL-3.0-or-later
// Drives the engine as a program with the AWS SDK for JavaScript would. Prints {"name": true} for
// every check that held; the first that does not ends the program.
import assert from "node:assert/strict";
import { createReadStream, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand,
  CreateMultipartUploadCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, PutObjectCommand, S3Client, UploadPartCommand,
} from "@aws-sdk/client-s3";
import {
  CreateEndpointCommand, CreateEndpointConfigCommand, CreateModelCommand,
  CreateTrainingJobCommand, DeleteEndpointCommand, DeleteEndpointConfigCommand,
  DeleteModelCommand, DescribeEndpointCommand, DescribeTrainingJobCommand, SageMakerClient,
  paginateListTrainingJobs, waitUntilEndpointInService, waitUntilTrainingJobCompletedOrStopped,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const [endpoint, region, role, image, folder] = process.argv.slice(2);
const common = { endpoint, region, maxAttempts: 1 };
const s3 = new S3Client({ ...common, forcePathStyle: true });
const sagemaker = new SageMakerClient(common);
const runtime = new SageMakerRuntimeClient(common);
const Bucket = "javascript";

async function objects() {
  await s3.send(new CreateBucketCommand({ Bucket }));
  const Key = "a folder/ünicode (1)!*'.txt";
  // A current SDK adds a CRC32 by itself, for a stream as a trailer of an aws-chunked upload.
  const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "hello" }));
  assert.equal(put.ETag, '"5d41402abc4b2a76b9719d911017c592"');
  const path = `${folder}/stream`;
  const bytes = randomBytes(3_000_000);
  writeFileSync(path, bytes);
  await s3.send(new PutObjectCommand({
    Bucket, Key: "stream", Body: createReadStream(path), ContentLength: bytes.length,
  }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "stream" }));
  assert.ok(bytes.equals(Buffer.from(await got.Body.transformToByteArray())));
  const range = await s3.send(new GetObjectCommand({ Bucket, Key, Range: "bytes=1-3" }));
  assert.equal(await range.Body.transformToString(), "ell");
  for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"]) {
    await s3.send(new PutObjectCommand({
      Bucket, Key: `sums/${ChecksumAlgorithm}`, Body: "hello", ChecksumAlgorithm,
    }));
    const head = await s3.send(new HeadObjectCommand({
      Bucket, Key: `sums/${ChecksumAlgorithm}`, ChecksumMode: "ENABLED",
    }));
    assert.ok(head[`Checksum${ChecksumAlgorithm}`], ChecksumAlgorithm);
  }
  const list = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }));
  assert.deepEqual(list.CommonPrefixes.map((p) => p.Prefix), ["a folder/", "sums/"]);
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/${encodeURIComponent(Key)}` }));
  await assert.rejects(
    s3.send(new GetObjectCommand({ Bucket, Key: "none" })), { name: "NoSuchKey" });
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "copy" }), { expiresIn: 60 });
  assert.equal(await (await fetch(url)).text(), "hello");
  return { "objects": true };
}

async function multipart() {
  const Key = "parts";
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts = [];
  for (let PartNumber = 1; PartNumber <= 2; PartNumber++) {
    const Body = Buffer.alloc(5 * 1024 * 1024, PartNumber);
    const { ETag, ChecksumCRC32 } = await s3.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    Parts.push({ ETag, PartNumber, ChecksumCRC32 });
  }
  await s3.send(new CompleteMultipartUploadCommand({
    Bucket, Key, UploadId, MultipartUpload: { Parts },
  }));
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  assert.equal(head.ContentLength, 10 * 1024 * 1024);
  assert.match(head.ETag, /-2"$/);
  const gone = await s3.send(new DeleteObjectsCommand({
    Bucket, Delete: { Objects: [{ Key }, { Key: "never was" }] },
  }));
  assert.equal(gone.Deleted.length, 2);
  return { "multipart": true };
}

async function module() {
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 2} 0:${i % 2} 1:${i}`).join("\n");
  await s3.send(new PutObjectCommand({ Bucket, Key: "train/data.libsvm", Body: rows }));
  const TrainingJobName = "javascript-job";
  await sagemaker.send(new CreateTrainingJobCommand({
    TrainingJobName,
    RoleArn: role,
    AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: "File" },
    InputDataConfig: [{
      ChannelName: "train",
      ContentType: "libsvm",
      DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: `s3://${Bucket}/train/` } },
    }],
    OutputDataConfig: { S3OutputPath: `s3://${Bucket}/output` },
    ResourceConfig: { InstanceCount: 1, InstanceType: "ml.m5.large", VolumeSizeInGB: 1 },
    StoppingCondition: { MaxRuntimeInSeconds: 600 },
    HyperParameters: { num_round: "5", objective: "binary:logistic" },
  }));
  const waiter = { client: sagemaker, maxWaitTime: 120, minDelay: 1, maxDelay: 1 };
  await waitUntilTrainingJobCompletedOrStopped(waiter, { TrainingJobName });
  const job = await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName }));
  assert.equal(job.TrainingJobStatus, "Completed");
  assert.ok(job.CreationTime instanceof Date);
  const names = [];
  for await (const page of paginateListTrainingJobs({ client: sagemaker, pageSize: 1 }, {}))
    names.push(...page.TrainingJobSummaries.map((one) => one.TrainingJobName));
  assert.deepEqual(names, [TrainingJobName]);

  const name = "javascript";
  await sagemaker.send(new CreateModelCommand({
    ModelName: name, ExecutionRoleArn: role,
    PrimaryContainer: { Image: image, ModelDataUrl: job.ModelArtifacts.S3ModelArtifacts },
  }));
  await sagemaker.send(new CreateEndpointConfigCommand({
    EndpointConfigName: name,
    ProductionVariants: [{
      VariantName: "AllTraffic", ModelName: name, InitialInstanceCount: 1,
      InstanceType: "ml.m5.large", InitialVariantWeight: 1,
    }],
  }));
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
  await waitUntilEndpointInService(waiter, { EndpointName: name });
  const answer = await runtime.send(new InvokeEndpointCommand({
    EndpointName: name, ContentType: "text/libsvm", Body: "0:1 1:31",
  }));
  const score = Number(Buffer.from(answer.Body).toString());
  assert.ok(score > 0.5 && score <= 1, `score ${score}`);
  await sagemaker.send(new DeleteEndpointCommand({ EndpointName: name }));
  await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: name }));
  await sagemaker.send(new DeleteModelCommand({ ModelName: name }));
  for (let tries = 0; ; tries++) {
    try {
      await sagemaker.send(new DescribeEndpointCommand({ EndpointName: name }));
      assert.ok(tries < 1000, "the endpoint does not go");
    } catch (error) {
      assert.equal(error.name, "ValidationException");
      assert.match(error.message, /Could not find endpoint/);
      break;
    }
  }
  return { "module": true };
}

for (const check of [objects, multipart, module])
  console.log(JSON.stringify(await check()));
